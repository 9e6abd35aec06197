// Only PostgreSQL: the server looks for a text. With SQLite, the thread does that has the events (sqlite/store/text-check.ts).
import { ESCAPES, mayBeInNumber, OTHER_NUMBER } from '../sql/json-writing.ts'

/** In characters. What follows in a longer text is left to whoever has the event. */
const LONGEST = 64
/** Capitals that are not the capitals of their small letters: such as the sign for Kelvin, whose small letter is k. */
const OTHER_CAPITALS = Array.from('İǅǈǋǲϴẞᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾼῌῼ\u2126\u212a\u212b')
/** The small letter of İ has two characters. This is the second one. */
const DOT_ABOVE = '\u0307'

/**
 * A regular expression of PostgreSQL. It fits every text that has this one in it, in capitals or not, and every body that has it in a text
 * or number, however it is written there. It may fit others, too. It is the same for any locale of the database.
 */
export function patternOf (text: string): string {
  const wanted = text.toLowerCase()
  const pattern = Array.from(wanted).slice(0, LONGEST).map(patternOfOne).join('')
  return mayBeInNumber(wanted) ? `${pattern}|${OTHER_NUMBER}` : pattern
}

function patternOfOne (character: string): string {
  // Half of a pair, of which the text may have the other half as well.
  if (!character.isWellFormed()) return '(?:.|\\\\u[0-9a-fA-F]{4})'
  const forms = [character, ...capitalsOf(character)]
  const ways = [...forms.filter((form) => form !== '\0').map(literal), ...forms.map(byNumber)]
  const { [character]: escape } = ESCAPES
  if (escape !== undefined) ways.push(`\\\\${literal(escape)}`)
  return `(?:${ways.join('|')})${character === DOT_ABOVE ? '?' : ''}`
}

function capitalsOf (character: string): string[] {
  const capital = character.toUpperCase()
  const others = OTHER_CAPITALS.filter((other) => other.toLowerCase().includes(character))
  return capital !== character && capital.length === character.length ? [capital, ...others] : others // not ß, whose are SS
}

/** With a backslash before it, only a letter or a digit has a meaning of its own. Without one, only what is neither has. */
function literal (character: string): string {
  return /[\x20-\x7e]/.test(character) && /[^a-z\d]/i.test(character) ? `\\${character}` : character
}

/** As JSON may write it: its one or two units of UTF-16. */
function byNumber (character: string): string {
  return character.split('').map((unit) => {
    const digits = unit.charCodeAt(0).toString(16).padStart(4, '0')
    return '\\\\u' + digits.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
  }).join('')
}
