import { resolve } from 'node:path'
import { quoteShellWord } from '@countersign/core/admission/fix.ts'
import type { ServerConfig } from '../config/config.ts'
import type { DataFolder } from './data-folder.ts'

/**
 * What the hand tool must be told where it would not find this server by itself: its address, and whose token and authority
 * to take. By itself it asks the default address with what lies in `.countersign`, and there may be the token of another server.
 */
export function clientSettings({ tls }: Pick<ServerConfig, 'tls'>, data: DataFolder, apiUrl: string): readonly string[] {
  // A door on every address is reached, and known to its certificate, under loopback from here.
  const server = apiUrl.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
  const isFoundByItself = resolve(data.folder) === resolve('.countersign')
  return [
    ...(server === 'http://127.0.0.1:8080' ? [] : [`COUNTERSIGN_SERVER=${server}`]),
    ...(isFoundByItself ? [] : [`COUNTERSIGN_TOKEN_FILE=${quoteShellWord(data.adminTokenFile, 'FILE')}`]),
    ...(isFoundByItself || tls.mode !== 'SELF' ? [] : [`COUNTERSIGN_CA_FILE=${quoteShellWord(data.caFile, 'FILE')}`]),
  ]
}
