import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withKritisFlags } from './signer-words.ts'

function translate(line: string): string {
  return withKritisFlags(line.split(' ')).join(' ')
}

for (const [line, ours] of [
  ['signer -mode check-only -image=a@b', 'signer --mode=check-only --image=a@b'],
  ['signer --vulnz_timeout 60m -note_name projects/p/notes/n', 'signer --vulnz-timeout=60m --note-name=projects/p/notes/n'],
  ['signer --note-name n', 'signer --note-name=n'],
  ['signer -overwrite -mode x', 'signer --overwrite --mode=x'],
  ['signer -overwrite=true', 'signer --overwrite'],
  ['signer -overwrite=false', 'signer'],
  ['signer -overwrite=maybe', 'signer --overwrite=maybe'],
  ['signer -image -policy', 'signer --image=-policy'],
  ['signer -policy= -mode x', 'signer --policy= --mode=x'],
  ['signer -mode', 'signer --mode'],
  ['signer -v=2 -v 3 -vmodule a=1 -log_dir /tmp -mode x', 'signer --mode=x'],
  ['signer -logtostderr -alsologtostderr=false -stderrthreshold INFO', 'signer --stderrthreshold=INFO --stderrthreshold=INFO'],
  ['--server http://[::1] signer -o json -q --gpg-key k -nothing', '--server http://[::1] signer -o json -q --gpg-key k -nothing'],
  ['signer -- -mode x', 'signer -- -mode x'],
  ['evaluate -policy p', 'evaluate -policy p'],
] as const) {
  test(`§1.1: ${line}`, () => assert.equal(translate(line), ours))
}
