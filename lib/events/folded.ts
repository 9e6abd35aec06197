/**
 * A text as texts are compared with it: in small letters, with one space for all that is white space, and with one form of what Unicode has
 * several of. The inspector's page does it, too: this file imports nothing.
 */
export function folded (text: string): string {
  // Which of its two small letters a Σ has depends on what is around it.
  return text.toLowerCase().normalize('NFC').replaceAll('ς', 'σ').replaceAll(/\s+/g, ' ')
}
