import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** Bytes that an image refers to by their digest. */
export interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Uint8Array
}

/** A layer: its compressed bytes, and the digest of the tar inside, which the image's configuration names. */
export interface Layer extends Blob {
  readonly diffId: string
}

/** Which entry of a folder is packed, with everything below it, and the number of the user and group that own it. */
export interface Content {
  readonly path: string
  readonly owner: number
}

/** All of a folder, root's. */
const WHOLE: Content = { path: '.', owner: 0 }

/** Room for the greatest tar that a layer of ours may be: Node.js alone is 150 MB. */
const MAX_TAR_BYTES = 512 * 1024 * 1024

const run = promisify(execFile)
const compress = promisify(gzip)

/**
 * Packs a folder, or one entry of it, as an image layer. The same files give the same bytes: names sorted, one owner, every time the epoch's start,
 * which GNU tar and gzip's header are told to write.
 *
 * @throws Error where tar is not GNU's or the folder is too large
 */
export async function packLayer(folder: string, { path, owner }: Content = WHOLE): Promise<Layer> {
  const flags = ['--sort=name', '--mtime=@0', `--owner=${owner}`, `--group=${owner}`, '--numeric-owner', '--format=gnu']
  const { stdout: tar } = await run('tar', [...flags, '-C', folder, '-cf', '-', path], { encoding: 'buffer', maxBuffer: MAX_TAR_BYTES })
  const bytes = await compress(tar, { level: 6 })
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(bytes), bytes, diffId: digestOf(tar) }
}

/** A JSON document as a blob. */
export function jsonBlob(mediaType: string, document: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(document))
  return { mediaType, digest: digestOf(bytes), bytes }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
