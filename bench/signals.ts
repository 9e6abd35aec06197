// Ends the process the way that lets it clear up: left alone, a signal does not.
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
