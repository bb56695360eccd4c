import { parseYamlDocuments, type YamlDocument } from '@countersign/api/file/yaml.ts'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import { findImages } from '@countersign/core/workload/images.ts'
import { isTree } from '../connection/api.ts'
import { formatAt } from '../output/issue.ts'
import { type Terminal, UsageError } from '../terminal.ts'
import type { Subject, Subjects } from './judgement.ts'

const ENDINGS = ['.yaml', '.yml', '.json']

interface Reading {
  readonly subjects: Subject[]
  readonly texts: string[]
  readonly issues: string[]
  skipped: number
}

/**
 * Reads manifests (files with one or many documents, folders, `-` for standard input) and images. Every issue of every file
 * is told with its place before a UsageError stops: what cannot be read is never passed over. Only in a folder documents
 * that are no Kubernetes objects at all are left out, and counted.
 */
export async function readSubjects(terminal: Terminal, paths: readonly string[], images: readonly string[]): Promise<Subjects> {
  const reading: Reading = { subjects: [], texts: [...images], issues: [], skipped: 0 }
  for (const path of paths) await readPath(terminal, path, reading)
  if (images.length > 0) reading.subjects.push({ source: '', images })
  if (reading.skipped > 0) terminal.say(`Left out ${reading.skipped} documents that are no Kubernetes objects.`)
  for (const issue of reading.issues) terminal.say(issue)
  if (reading.issues.length > 0)
    throw new UsageError(`Cannot evaluate: ${reading.issues.length === 1 ? 'one issue' : `${reading.issues.length} issues`} in the manifests`)
  const digests = reading.texts.flatMap((text) => {
    const reference = parseImageReference(text)
    return reference.ok && reference.value.digest !== undefined ? [reference.value.digest] : []
  })
  return { subjects: reading.subjects, digests: [...new Set(digests)] }
}

async function readPath(terminal: Terminal, path: string, reading: Reading): Promise<void> {
  if (path === '-') return readText('stdin', new TextDecoder().decode(await terminal.readInput()), reading, 'FILE')
  const files = await terminal.files.list(path, ENDINGS)
  const from = files.length === 1 && files[0] === path ? 'FILE' : 'FOLDER'
  for (const file of files) readText(file, new TextDecoder().decode(await terminal.files.read(file)), reading, from)
}

function readText(file: string, text: string, reading: Reading, from: 'FILE' | 'FOLDER'): void {
  const parsed = parseYamlDocuments(text)
  if (!parsed.ok) return report(file, parsed.issues, reading)
  for (const document of parsed.value) if (document.tree !== undefined && document.tree !== null) readDocument(file, document, reading, from)
}

function readDocument(file: string, document: YamlDocument, reading: Reading, from: 'FILE' | 'FOLDER'): void {
  const { tree } = document
  if (from === 'FOLDER' && !(isTree(tree) && ('apiVersion' in tree || 'kind' in tree))) {
    reading.skipped++
    return
  }
  const found = findImages(tree)
  if (!found.ok) {
    return report(
      file,
      found.issues.map((issue) => ({ ...issue, ...document.positionOf(issue.path) })),
      reading,
    )
  }
  reading.subjects.push({ source: `${file}:${document.positionOf([]).line}`, resource: tree })
  reading.texts.push(...found.value.images.map((image) => image.text))
}

function report(file: string, issues: readonly Issue[], reading: Reading): void {
  reading.issues.push(...issues.map((issue) => formatAt(file, issue)))
}
