import { DomainError } from '../domain-error.ts'

/** One thing that is wrong with an action's input. */
export interface FieldProblem {
  field: string
  message: string
}

/** The input of an action is not what it takes. Nothing was charged. */
export class InvalidActionInput extends DomainError {
  readonly code = 'invalid_action_input'
  /** @param problems what is wrong, by field */
  constructor(readonly problems: FieldProblem[]) {
    super(problems[0]?.message ?? 'The input is invalid.', { problems })
  }
}

/** The same request is being run at this moment. Asking again with the same key is safe. */
export class ActionStillRunning extends DomainError {
  readonly code = 'action_still_running'
  constructor() {
    super('This is still running. Its credits are reserved; try again in a moment.')
  }
}
