import { findNearest } from '@countersign/core/reading/nearest.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, textIn } from './api.ts'

const UNKNOWN = /: project "([^"]+)" does not exist, create it with: /
/** Among more nobody looks for a typing error. */
const MAX_COMPARED = 1000

/** The same API, whose refusals of an unknown project name the one that was probably meant, of those that the caller may see. */
export function suggestProjects(api: Api): Api {
  const suggest = async (error: unknown): Promise<never> => {
    const asked = error instanceof StatusError ? UNKNOWN.exec(error.message)?.[1] : undefined
    if (!(error instanceof StatusError) || asked === undefined) throw error
    const nearest = findNearest(asked, await listIds(api))
    if (nearest === undefined) throw error
    throw new StatusError(error.code, `${error.message}; did you mean "${nearest}"?`, { cause: error })
  }
  return { call: (...asked) => api.call(...asked).catch(suggest), list: (...asked) => api.list(...asked).catch(suggest) }
}

/** None where the caller may not list them: the first refusal is then the better one. */
async function listIds(api: Api): Promise<readonly string[]> {
  try {
    const rows = await api.list(pathOf('/countersign/v1', 'projects'), 'projects', { limit: MAX_COMPARED })
    return rows.map((row) => textIn(row, 'id'))
  } catch {
    return []
  }
}
