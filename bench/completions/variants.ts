/** How a listener sees to it that what it saves is there once. */
export interface CompletionsVariant {
  name: 'saved' | 'completed' | 'noted'
  title: string
}

export const base = 'saved'

export const completionsVariants: CompletionsVariant[] = [
  { name: base, title: 'nothing: an event may be saved twice' },
  { name: 'completed', title: '`context.completeIn`' },
  { name: 'noted', title: '`context.id`, in a table of handled events' }
]
