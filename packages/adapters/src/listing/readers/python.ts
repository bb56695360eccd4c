import { type FileFacts, isPlain } from '../facts.ts'
import { readStanza } from './stanzas.ts'

/** Reads `METADATA` of a dist-info folder or `PKG-INFO` of an egg-info one (packaging.python.org, core metadata). */
export function readPython(bytes: Uint8Array, path: string): FileFacts {
  const fields = readStanza(Buffer.from(bytes).toString('utf8'))
  const [name, version, license] = [fields.get('name'), fields.get('version'), fields.get('license')]
  if (!isPlain(name) || !isPlain(version)) return { problems: [`${path} names no package or version`] }
  const named = license === undefined || license === '' || license === 'UNKNOWN' || license.length > 256 ? {} : { license }
  return { packages: [{ type: 'PYPI', ecosystem: { name: 'PyPI' }, name, version, ...named }] }
}
