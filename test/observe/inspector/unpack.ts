import { executablePath } from './chromium.ts'

// Before all tests: the first one in a browser has little enough time on a busy machine.
await executablePath()
