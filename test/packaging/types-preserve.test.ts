import { testTypes } from './helpers/types.ts'

testTypes({ typescript: 'typescript', module: 'preserve', moduleResolution: 'bundler', skipLibCheck: false, files: ['typed.ts', 'every-entry.ts'] })
