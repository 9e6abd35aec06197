/** Has a process run each turn that its parent asks for, until that is gone. To be called once the app is ready. */
export function serveTurns (turn: (events: number) => Promise<void>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', ({ events }: { events: number }) => { void turn(events) })
  process.send?.('ready')
}
