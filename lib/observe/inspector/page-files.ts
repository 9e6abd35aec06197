import { readFileSync } from 'node:fs'

function built (name: string): string {
  return readFileSync(new URL(`../../../dist/lib/observe/inspector/page/${name}`, import.meta.url), 'utf8')
}

/** The page, as the build has made it. The build puts the text of its files in the place of this, since a bundler takes no file along. */
export const PAGE_FILES = { 'index.html': built('index.html'), 'page.css': built('page.css'), 'page.js': built('page.js') }
