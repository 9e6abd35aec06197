import { testEnd } from '../helpers/poison.ts'

testEnd('exit')
