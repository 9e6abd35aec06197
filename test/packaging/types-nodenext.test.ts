import { testTypes } from './helpers/types.ts'

testTypes({ typescript: 'typescript', module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false, files: ['typed.ts', 'typed.cts', 'every-entry.ts'] })
