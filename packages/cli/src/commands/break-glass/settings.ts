import { pathOf } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'

export const breakGlassSettings: Verb = {
  usage: 'settings [mode]',
  summary: 'Show who may break the glass, or set it: anyone (who may make Pods), or token (who holds an approved one)',
  details: [
    'With --cluster the mode of one cluster that differs from the project’s.',
    'In mode "token" the entry of the webhook configuration that is open while the gate is down must fail closed too, where that matters more',
    'than being locked out: a gate that is down checks no token.',
  ].join('\n'),
  examples: ['countersign break-glass settings --project demo', 'countersign break-glass settings token --project demo --cluster eu.prod'],
  options: [{ flags: '--cluster <cluster>', summary: 'set it for this cluster: LOCATION.NAME' }],
  async run(context, given) {
    const path = pathOf('/countersign/v1', `projects/${context.project()}/breakGlass`)
    const api = await context.api()
    const before = await api.call('GET', path)
    const [mode, cluster] = [given.rest(0)[0], given.text('--cluster')]
    if (mode === undefined) {
      if (cluster !== undefined) throw new UsageError('--cluster needs a mode: anyone or token')
      return await context.showOne(before)
    }
    const { publicKey: _, ...settings } = before
    const clusters = { ...(typeof before['clusters'] === 'object' ? before['clusters'] : {}), ...(cluster === undefined ? {} : { [cluster]: mode }) }
    const body = cluster === undefined ? { ...settings, mode } : { ...settings, clusters }
    await context.showOne(await api.call('PUT', path, { body }))
  },
}
