import { testTypes } from './helpers/types.ts'

testTypes({ typescript: 'typescript', module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0', skipLibCheck: false, files: ['typed.cts', 'every-entry.ts'] })
