import { descriptionOf } from '../events/description.ts'
import type { Description } from '../events/description.ts'
import type { UnknownEvent } from '../events/schemas.ts'

/** An event for a line. What is more than a text is named; one that is neither a message nor a report has all of its fields for content. */
export function describe (event: UnknownEvent): Pick<Description, 'medium' | 'who'> & { readonly content: string } {
  const { medium, who, media, content } = descriptionOf(event)
  const { event: _, ...fields } = event
  if (content === null) return { medium, who, content: JSON.stringify(fields) }
  return { medium, who, content: media === '' ? content : `[${media}] ${content}`.trimEnd() }
}
