import { MEDIA } from '../../events/description.ts'
import { DAMAGED } from './rows.ts'

/** Whether a folded text may be shown of an event that does not have it: then only whoever has parsed the event can say. */
export function mayBeShown (wanted: string): boolean {
  return [DAMAGED, ...MEDIA].some((text) => text.includes(wanted))
}
