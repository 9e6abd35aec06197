import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './package.ts'

export interface Block {
  /** 'js', 'sh', 'yaml' and so on. */
  language: string
  code: string
  /** What its first line calls it: '// server.mjs', '# compose.yaml'. */
  file: string | undefined
}

/** The cells of a row by the heading of their column. */
export type Row = Record<string, string>

export interface Page {
  /** 'README.md', 'docs/options.md'. */
  file: string
  text: string
}

/** All that is written for users, in the order in which it is read. */
export const pages: Page[] = ['README.md', ...globSync('docs/*.md', { cwd: root }).sort(), 'CONTRIBUTING.md', 'SECURITY.md'].map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

export const everything = pages.map(({ text }) => text).join('\n')

/** The text below a heading, up to the next one of the same level or a higher one: of the one page that has it. */
export function section (heading: string): string {
  const found = pages.flatMap(({ text }) => headings(text).filter(({ title }) => title === heading).map((start) => ({ text, start })))
  const [{ text, start } = { text: '', start: { title: '', level: 0, at: 0 } }] = found
  if (found.length !== 1) throw new Error(`${found.length} pages have a heading '${heading}'`)
  const end = headings(text).find(({ level, at }) => at > start.at && level <= start.level)
  return text.slice(start.at, end?.at)
}

export function headings (text: string): Array<{ title: string, level: number, at: number }> {
  const withoutCode = text.replace(/^```.*?^```$/gms, (block) => '`'.repeat(block.length)) // a comment in a shell is no heading
  return Array.from(withoutCode.matchAll(/^(#+) (.+)$/gm), ({ 1: marks = '', 2: title = '', index }) => ({ title, level: marks.length, at: index }))
}

/** Where the links and the pictures of a page lead, but for those that leave the project. */
export function links (text: string): string[] {
  return Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, target = '']) => target).filter((target) => !target.startsWith('https://'))
}

export function blocks (text = everything): Block[] {
  return Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms), ({ 1: language = '', 2: code = '' }) =>
    ({ language, code, file: /^(?:\/\/|#) (\S+)\n/.exec(code)?.[1] }))
}

/** The table whose first column has this heading: the first such one of the text. */
export function table (text: string, first: string): Row[] {
  const [rows] = tables(text, first)
  if (rows === undefined) throw new Error(`There is no table with a column '${first}'`)
  return rows
}

/** All tables whose first column has this heading, in the order of the text. */
export function tables (text: string, first: string): Row[][] {
  return Array.from(text.matchAll(/(?:^\|.*\n)+/gm), ([lines]) => lines)
    .filter((lines) => lines.startsWith(`| ${first} |`))
    .map((lines) => {
      const [names = [], , ...rest] = lines.trimEnd().split('\n').map(cells)
      return rest.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
    })
}

function cells (line: string): string[] {
  return line.split('|').slice(1, -1).map((cell) => cell.trim())
}

/** What stands in backticks: in single ones, for what is in double ones has single ones in it. */
export function codes (text = ''): string[] {
  return Array.from(text.matchAll(/(?<!`)`([^`]+)`(?!`)/g), ([, code = '']) => code)
}
