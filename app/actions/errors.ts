import { DomainError } from '../domain-error.ts'

/** A problem with a field of an action's input. */
export interface FieldProblem {
  field: string
  message: string
}

/** The input of an action is invalid. Nothing was charged. */
export class InvalidActionInput extends DomainError {
  readonly code = 'invalid_action_input'
  constructor(readonly problems: FieldProblem[]) {
    super(problems[0]?.message ?? 'The input is invalid.', { problems })
  }
}

/** There is no action with this id. */
export class ActionNotFound extends DomainError {
  readonly code = 'action_not_found'
  constructor() {
    super('There is no such action.')
  }
}

/** The caller has no run with this id. */
export class RunNotFound extends DomainError {
  readonly code = 'run_not_found'
  constructor() {
    super('There is no such run.')
  }
}

/** The same request is running now. Repeating it with the same key is safe. */
export class ActionStillRunning extends DomainError {
  readonly code = 'action_still_running'
  constructor() {
    super('This is still running. Its credits are reserved; try again in a moment.')
  }
}
