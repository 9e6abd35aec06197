import { testTypes } from './helpers/types.ts'

testTypes({ typescript: 'typescript-oldest', module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true, files: ['typed.ts', 'every-entry.ts'] })
testTypes({ typescript: 'typescript-oldest', module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true, files: ['typed.cts', 'every-entry.ts'] })
