import { stripVTControlCharacters, styleText } from 'node:util'
import { jsonOf, UNSEEN } from '../events/visible-json.ts'
import type { Io } from './io.ts'

export { jsonOf }

type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta'

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string

export function isTerminal (stream: NodeJS.ReadableStream | NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

/** Characters in a line of the terminal. */
export function columnsOf (stream: NodeJS.WritableStream): number {
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80
}

/** Colours on a terminal, unless NO_COLOR is set; FORCE_COLOR sets them anywhere. */
export function paintFor (stream: NodeJS.WritableStream, { NO_COLOR = '', FORCE_COLOR }: Io['env']): Paint {
  const colourful = FORCE_COLOR === undefined ? NO_COLOR === '' && isTerminal(stream) : !['0', 'false'].includes(FORCE_COLOR)
  return (format, text) => colourful ? styleText(format, text, { validateStream: false }) : text
}

/** A text of anybody's on one line of a terminal, which it can do nothing to. */
export function onOneLine (text: string, longest = Number.MAX_SAFE_INTEGER): string {
  const line = stripVTControlCharacters(text.toWellFormed()).replace(/\s+/g, ' ').replace(UNSEEN, '\ufffd').trim()
  const characters = Array.from(line)
  return characters.length > longest ? `${characters.slice(0, Math.max(0, longest - 1)).join('')}…` : line
}

/** The same on as many lines as it has. The later ones are indented, so that none is taken for a line of the command's own. */
export function onLines (text: string, indent: number): string {
  const lines = stripVTControlCharacters(text.toWellFormed()).replace(/\r\n/g, '\n').replace(/\t/g, '  ').split('\n')
  return lines.map((line) => line.replace(UNSEEN, '\ufffd')).join(`\n${' '.repeat(indent)}`)
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** The same for people. */
export function prettyJson (value: unknown, paint: Paint): string {
  return jsonOf(value, 2).replace(TOKEN, (token, text: string | undefined, colon: string | undefined) => {
    if (text === undefined) return paint('yellow', token)
    return colon === undefined ? paint('green', text) : paint('cyan', text) + colon
  })
}
