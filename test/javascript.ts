import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, join } from 'node:path'
import { root } from './helpers/package.ts'

const COPY = '.javascript'
/** `data` is what an example keeps. */
const NOT_COPIED = new Set([COPY, '.git', '.tap', 'data', 'node_modules'])
/** What a file imports, or starts as a thread or as a process. Examples stay as they are published. */
const OTHERS = /^((?:import|export|\}) (?:[^'\n]* from )?'\.(?!.*\/examples\/)[^'\n]*|.*(?:\bimport\(|\bURL\()'(?!.*\/examples\/)[^'\n]*)\.ts'/gm

/** The same in JavaScript, each character where it was, but for the names of other files. */
export function javaScriptOf (source: string): string {
  return stripTypeScriptTypes(source).replace(OTHERS, "$1.js'")
}

/**
 * Copies the project, with JavaScript beside each file that runs, and returns where: Node takes a second of a processor to load the sources, in
 * each of some thousand processes and threads that the tests start, and half of that is for their types. It stays there: what has failed says where.
 */
export function copyInJavaScript (): string {
  const copy = join(root, COPY)
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy)
  for (const name of readdirSync(root).filter((name) => !NOT_COPIED.has(name))) {
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  for (const file of globSync(['index.ts', '{lib,test,bench}/**/*.ts'], { cwd: copy })) {
    if (/\.(?:d|tst)\.ts$/.test(file)) continue
    const path = join(copy, file)
    writeFileSync(path.replace(/ts$/, 'js'), javaScriptOf(readFileSync(path, 'utf8')))
  }
  return copy
}
