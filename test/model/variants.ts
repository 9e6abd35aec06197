import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('.', import.meta.url)

/** The rules that a broken variant of the model leaves out: the files of the model name them. */
export const variants: readonly string[] = [...new Set(readdirSync(FOLDER)
  .filter((name) => name.endsWith('.qnt'))
  .flatMap((name) => Array.from(readFileSync(new URL(name, FOLDER), 'utf8').matchAll(/\.broken [!=]= "([^"]+)"/g), ([, rule = '']) => rule)))].sort()
