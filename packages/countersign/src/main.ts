/**
 * The binary. It knows three doors and nothing else: `serve` is the server, `gate` a gate on its own, everything else the hand tool.
 * Each is loaded only when asked for, so that a short command never pays for the server's imports.
 */
async function run(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  if (command === 'serve') {
    const { serve } = await import('@countersign/server/main.ts')
    return serve(rest)
  }
  if (command === 'gate') {
    const { runGate } = await import('@countersign/server/gate-main.ts')
    return runGate(rest)
  }
  const { runCli } = await import('@countersign/cli/main.ts')
  return runCli(argv)
}

process.exitCode = await run(process.argv.slice(2))
