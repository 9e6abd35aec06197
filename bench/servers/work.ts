let events = 0
let characters = 0
let lastConversation: string | number = ''

/**
 * What every variant's listener does with an event: the same, and next to nothing, so that what is measured is the way to
 * the listener. The results are kept where others can read them, or the engine could drop the reads.
 */
export function work (content: string | null | undefined, conversation: string | number) {
  events++
  characters += content?.length ?? 0
  lastConversation = conversation
}

export function workDone () {
  return { events, characters, lastConversation }
}
