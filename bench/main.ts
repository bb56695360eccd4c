import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { formatReport } from './report.ts'
import { measure, type Measured } from './run.ts'
import { variants } from './variants.ts'

// npm run bench [-- --write] [--in-flight N] [--bursts N] [variant …]: measures, prints, and with --write puts the table
// into bench/README.md between its two marks.
const BEGIN = '<!-- measured: begin -->'
const END = '<!-- measured: end -->'

const args = process.argv.slice(2)
const numberOf = (flag: string, otherwise: number) => (args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : otherwise)
const options = { bursts: numberOf('--bursts', 5), perBurst: numberOf('--per-burst', 6_000), warmUp: 8_000, inFlight: numberOf('--in-flight', 200) }
const asked = args.filter((arg) => Object.hasOwn(variants, arg))
const measured: Measured[] = []
for (const variant of asked.length === 0 ? Object.keys(variants) : asked) {
  process.stderr.write(`measuring ${variants[variant]?.title} …\n`)
  measured.push(await measure(variant, options))
}
const report = formatReport(measured, { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, ...options })
process.stdout.write(`${report}\n`)
if (args.includes('--write')) {
  const path = join(import.meta.dirname, 'README.md')
  const page = readFileSync(path, 'utf8')
  writeFileSync(path, `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n\n${report}\n\n${page.slice(page.indexOf(END))}`)
}
