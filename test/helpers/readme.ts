import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './package.ts'

export interface Block {
  /** 'js', 'ts', 'sh' or 'json'. */
  language: string
  code: string
  /** What its first line calls it: '// server.mjs'. */
  file: string | undefined
}

/** The cells of a row by the heading of their column. */
export type Row = Record<string, string>

export const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The text below a heading, up to the next one of the same level or a higher one. */
export function section (heading: string): string {
  const start = headings().find(({ title }) => title === heading)
  if (start === undefined) throw new Error(`README.md has no heading '${heading}'`)
  const end = headings().find(({ level, at }) => at > start.at && level <= start.level)
  return readme.slice(start.at, end?.at)
}

export function headings (): Array<{ title: string, level: number, at: number }> {
  const withoutCode = readme.replace(/^```.*?^```$/gms, (block) => '`'.repeat(block.length)) // a comment in a shell is no heading
  return Array.from(withoutCode.matchAll(/^(#+) (.+)$/gm), ({ 1: marks = '', 2: title = '', index }) => ({ title, level: marks.length, at: index }))
}

export function blocks (text = readme): Block[] {
  return Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms), ({ 1: language = '', 2: code = '' }) =>
    ({ language, code, file: /^\/\/ (\S+)\n/.exec(code)?.[1] }))
}

/** The table whose first column has this heading: the first such one of the text. */
export function table (text: string, first: string): Row[] {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| ${first} |`))
  if (at < 0) throw new Error(`There is no table with a column '${first}'`)
  const rows = lines.slice(at, lines.findIndex((line, i) => i > at && !line.startsWith('|'))).map(cells)
  const [names = [], , ...rest] = rows
  return rest.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
}

function cells (line: string): string[] {
  return line.split('|').slice(1, -1).map((cell) => cell.trim())
}

/** What stands in backticks. */
export function codes (text = ''): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => code)
}
