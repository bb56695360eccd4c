import type { DescMessage, DescMethod, DescService, Message, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'

/** The methods of a service as functions. `C` is what the door knows of the call: the caller, a deadline. Errors are thrown as StatusError. */
export type ServiceImplementation<S extends DescService, C> = {
  readonly [M in keyof S['method']]: (
    request: MessageShape<S['method'][M]['input']>,
    context: C,
  ) => Promise<MessageInitShape<S['method'][M]['output']>>
}

/** A service with its implementation, its types forgotten: what REST and gRPC doors serve alike. */
export interface ServedService<C> {
  readonly service: DescService
  /** Calls one method of `service`; the answer is a message of its output type. */
  call(method: DescMethod, request: Message, context: C): Promise<Message>
}

type AnyMethod<C> = (request: Message, context: C) => Promise<MessageInitShape<DescMessage>>

/** Binds an implementation to its service. */
export function serve<S extends DescService, C>(service: S, implementation: ServiceImplementation<S, C>): ServedService<C> {
  const methods = implementation as unknown as Readonly<Record<string, AnyMethod<C>>>
  return {
    service,
    async call(method, request, context) {
      const run = methods[method.localName]
      if (run === undefined || method.parent.typeName !== service.typeName) throw new Error(`${service.typeName} does not serve ${method.name}`)
      return create(method.output, await run(request, context))
    },
  }
}
