import { testTypes } from './helpers/types.ts'

testTypes({ typescript: 'typescript', module: 'commonjs', moduleResolution: 'bundler', skipLibCheck: false, files: ['typed.cts', 'every-entry.ts'] })
