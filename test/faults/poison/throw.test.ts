import { testEnd } from '../helpers/poison.ts'

testEnd('throw')
