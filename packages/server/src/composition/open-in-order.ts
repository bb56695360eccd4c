/** Notes how to undo a step that was taken. */
export type Undo = (close: () => Promise<void> | void) => void

/** Takes the steps of `open`; where one fails, those before it are undone, the last one first, and the failure is thrown. */
export async function openInOrder<T>(open: (undo: Undo) => Promise<T>): Promise<T> {
  const closers: (() => Promise<void> | void)[] = []
  try {
    return await open((close) => closers.push(close))
  } catch (error) {
    for (const close of closers.reverse()) await close()
    throw error
  }
}
