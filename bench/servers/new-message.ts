/** The part of OneRoute's `newMessage` that the listeners read. */
export interface NewMessage {
  message: { content?: string | null }
  conversation: { id: string }
}
