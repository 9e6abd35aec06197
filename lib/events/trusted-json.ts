/** Reads JSON that this package has written, or what it builds on: its shape is known. What a stranger has written is checked instead. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what it is
export const trustedJson: <T>(json: string) => T = JSON.parse
