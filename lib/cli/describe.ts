import { descriptionOf } from '../events/description.ts'
import type { Description } from '../events/description.ts'
import type { UnknownEvent } from '../events/schemas.ts'

/** An event's description. One that is neither a message nor a report has all of its fields for content. */
export function describe (event: UnknownEvent): Description & { readonly content: string } {
  const { medium, who, content } = descriptionOf(event)
  const { event: _, ...fields } = event
  return { medium, who, content: content ?? JSON.stringify(fields) }
}
