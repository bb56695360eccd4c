import type { Noun } from '../verb.ts'
import { createProject } from './create.ts'
import { deleteProject } from './delete.ts'
import { describeProject } from './describe.ts'
import { listProjects } from './list.ts'

export const projects: Noun = {
  name: 'projects',
  summary: 'Projects: what owns everything else',
  verbs: [createProject, listProjects, describeProject, deleteProject],
}
