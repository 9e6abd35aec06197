/** Controls, line separators, and what changes the direction of a line: a text must not be shown as another than it is. */
export const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** JSON that does nothing to a terminal: beyond ASCII's first controls, `JSON.stringify` leaves all as they are. */
export function jsonOf (value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSEEN, (character) => character === '\n'
    ? character
    : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
