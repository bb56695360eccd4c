import type { Measured, RunOptions } from './run.ts'

/** Where and how a run was made. */
export interface Circumstances extends RunOptions {
  readonly node: string
  readonly cpu: string
  readonly cores: number
}

/** The run as Markdown: ratios first, for they are what holds on other machines. */
export function formatReport(measured: readonly Measured[], circumstances: Circumstances): string {
  const { node, cpu, cores, bursts, perBurst, inFlight } = circumstances
  const heading = `Node ${node}, ${cores} × ${cpu.trim()}; ${bursts} bursts of ${perBurst} requests for each server in turn, ${inFlight} in flight.`
  return [heading, '', ...warm(measured), '', ...start(measured)].join('\n')
}

function warm(measured: readonly Measured[]): readonly string[] {
  return table(
    ['warm admission, recorded before the answer', 'body', 'CPU µs: bare', 'gate', 'ratio', 'requests/s: bare', 'gate', 'ratio', 'calls'],
    measured.map(({ title, bodyBytes, bare, gate, callsPerAdmission }) => [
      title,
      `${(bodyBytes / 1000).toFixed(1)} KB`,
      bare.cpuMicros.toFixed(0),
      gate.cpuMicros.toFixed(0),
      (bare.cpuMicros / gate.cpuMicros).toFixed(2),
      bare.perSecond.toFixed(0),
      gate.perSecond.toFixed(0),
      (gate.perSecond / bare.perSecond).toFixed(2),
      String(callsPerAdmission),
    ]),
  )
}

function start(measured: readonly Measured[]): readonly string[] {
  return table(
    ['process', 'ready after, ms: bare', 'gate', 'resident MB, idle: bare', 'gate', 'resident MB, loaded: bare', 'gate'],
    measured.map(({ title, bare, gate }) => [
      title,
      ...[bare.readyMs, gate.readyMs, bare.idleMegabytes, gate.idleMegabytes, bare.loadedMegabytes, gate.loadedMegabytes].map((value) =>
        value.toFixed(0),
      ),
    ]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}
