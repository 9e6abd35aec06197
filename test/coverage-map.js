import { globSync } from 'node:fs'

/**
 * What the tests have to cover, all of them together: the sources, whether a test loads them or not, and not what is built of them. The
 * inspector's page, which is in TSX, runs in a browser: its tests use it there.
 */
export default () => globSync(['index.ts', 'lib/**/*.ts'])
