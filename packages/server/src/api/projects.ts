import type { MessageInitShape } from '@bufbuild/protobuf'
import { type ProjectSchema, Projects as ProjectsService } from '@countersign/api/gen/countersign/v1/projects_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { Project } from '@countersign/service/registration/ports.ts'
import type { Projects } from '@countersign/service/registration/projects.ts'
import type { CallContext } from './call-context.ts'
import { toTimestamp } from './time.ts'

/** `countersign.v1.Projects` over the registration flow. */
export function serveProjects(projects: Projects): ServedService<CallContext> {
  return serve(ProjectsService, {
    createProject: async ({ project }, { caller }) => formatProject(await projects.createProject(caller, project?.id ?? '')),
    listProjects: async (asked, { caller }) => {
      const { projects: found, nextPageToken } = await projects.listProjects(caller, asked)
      return { projects: found.map(formatProject), nextPageToken }
    },
    getProject: async ({ name }, { caller }) => formatProject(await projects.getProject(caller, idIn(name))),
    deleteProject: async ({ name }, { caller }) => {
      await projects.deleteProject(caller, idIn(name))
      return {}
    },
  })
}

function idIn(name: string): string {
  return name.replace(/^projects\//, '')
}

function formatProject({ id, number, uid, createTime }: Project): MessageInitShape<typeof ProjectSchema> {
  return { name: `projects/${id}`, id, number, uid, createTime: toTimestamp(createTime) }
}
