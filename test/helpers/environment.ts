import { fileURLToPath } from 'node:url'

/** What lets Node read TypeScript. */
export const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

/** Where Node keeps what it has made of the sources: with that, a process starts in half the time. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url))

/**
 * What runs the tests puts into the environment for processes of its own. In one that a test starts, `node --test` would run nothing, and what
 * it covers of changed sources would be added to that of the real ones. npm tells itself its options.
 */
const OF_RUNNERS = /^(?:NODE_OPTIONS|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|npm_.*)$/i

/** The environment of a process that a test starts. */
export const ENV: Readonly<NodeJS.ProcessEnv> = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_RUNNERS.test(name))),
  NODE_COMPILE_CACHE: COMPILED
}
