// Only PostgreSQL: the server looks for a text. With SQLite, the thread does that has the events (sqlite/store/text-check.ts).
import { folded } from '../../events/folded.ts'
import { ESCAPES, mayBeInNumber, OTHER_NUMBER } from '../sql/json-writing.ts'

/** In letters. What follows in a longer text is left to whoever has the event. */
const LONGEST = 64
/** Letters that are not the capitals of their small letters, such as the sign for Kelvin, whose small letter is k; and the other small σ. */
const OTHER_CAPITALS = Array.from('İǅǈǋǲϴẞᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾼῌῼ\u2126\u212a\u212bς')

/** What is no letter of ASCII, or any character by its number. */
const OTHER = '(?:[^\\x01-\\x7f]|\\\\u[0-9a-fA-F]{4})'
/** White space, as it is or as JSON may write it. */
const SPACE = '(?:[ \\t\\n\\v\\f\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]|\\\\[tnfr]|\\\\u[0-9a-fA-F]{4})+'

/** Where Unicode has characters of which others take the place, in numbers: Greek, some signs, and those of Chinese. */
const REPLACED = [[0x340, 0x387], [0x1f71, 0x1fff], [0x2000, 0x232a], [0xf900, 0xfaff], [0x2f800, 0x2fa1f]] as const
const REPLACEMENTS = new Set(REPLACED.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i))
  .filter((character) => character !== character.normalize('NFC')).map((character) => character.normalize('NFC'))))

/**
 * A regular expression of PostgreSQL. It fits every text that, folded, has this one in it, and every body that has it in a text or number,
 * however it is written there. It may fit others, too. It is the same for any locale of the database.
 */
export function patternOf (text: string): string {
  const wanted = folded(text)
  const letters = wanted.match(/[^]\p{M}*/gu) ?? []
  const pattern = letters.slice(0, LONGEST).map(patternOfLetter).join('')
  return mayBeInNumber(wanted) ? `${pattern}|${OTHER_NUMBER}` : pattern
}

/** Of a character, and the marks that follow it. */
function patternOfLetter (letter: string): string {
  // A mark may follow white space, too.
  if (letter.startsWith(' ')) return letter === ' ' ? SPACE : `${SPACE}${OTHER}+`
  // Half of a pair, of which the text may have the other half as well.
  if (!letter.isWellFormed()) return `(?:.|${OTHER})${OTHER}*`
  const parts = letter.normalize('NFD')
  if (Array.from(parts).length > 1 || /\p{M}/u.test(parts)) return ofSeveralForms(parts)
  return REPLACEMENTS.has(letter) ? `(?:${patternOfOne(letter)}|${OTHER})` : patternOfOne(letter)
}

/** Which of them are the same, whoever has the event says. */
function ofSeveralForms (parts: string): string {
  const base = parts.charAt(0)
  return base < '\x80' ? `${patternOfOne(base)}?${OTHER}+` : `${OTHER}+`
}

function patternOfOne (character: string): string {
  const forms = [character, ...capitalsOf(character)]
  const ways = [...forms.filter((form) => form !== '\0').map(literal), ...forms.map(byNumber)]
  const { [character]: escape } = ESCAPES
  if (escape !== undefined) ways.push(`\\\\${literal(escape)}`)
  return `(?:${ways.join('|')})`
}

function capitalsOf (character: string): string[] {
  const capital = character.toUpperCase()
  const others = OTHER_CAPITALS.filter((other) => folded(other).includes(character))
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
