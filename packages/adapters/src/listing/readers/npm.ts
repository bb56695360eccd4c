import { isJsonObject } from '@countersign/core/json-object.ts'
import { type FileFacts, isPlain } from '../facts.ts'

/** Reads the `package.json` of an installed package. Without name and version it is a folder's own matter, such as its kind of modules, and no package. */
export function readNpm(bytes: Uint8Array, path: string): FileFacts {
  const tree = parse(bytes)
  if (!isJsonObject(tree)) return { problems: [`${path} is no JSON object`] }
  const { name, version, license } = tree
  if (typeof name !== 'string' || typeof version !== 'string' || !isPlain(name) || !isPlain(version)) return {}
  return {
    packages: [
      { type: 'NPM', ecosystem: { name: 'npm' }, name, version: version.replace(/^v/, ''), ...(typeof license === 'string' ? { license } : {}) },
    ],
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
  } catch {
    return undefined
  }
}
