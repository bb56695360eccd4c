const EXIT_FAILED = 3

/** Resolves with the exit code once what runs has ended: the first SIGTERM or SIGINT drains, a second one ends at once. */
export function stopOnSignal(running: { close(graceMs: number): Promise<void> }, graceMs: number): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) process.exit(EXIT_FAILED)
      stopping = true
      running.close(graceMs).then(
        () => resolve(0),
        () => resolve(EXIT_FAILED),
      )
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
