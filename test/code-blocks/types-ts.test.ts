import { testTypes } from './helpers/types.ts'

testTypes('ts')
