"""Between data and training: a span that is unlike the last one stops the run, or is told."""

from typing import ClassVar, NamedTuple

from tfx.dsl.components.base import executor_spec
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from pipeline.span_check.executor import (
    CODE_VERSION,
    COMPARISON,
    FALSE_ALARMS,
    LAST_EXAMPLES,
    LAST_STATISTICS,
    POLICY,
    SCHEMA,
    SpanCheckExecutor,
)
from pipeline.span_check.last_span import (
    CHECKS,
    EXAMPLES,
    NEW_EXAMPLES,
    STATISTICS,
    LastSpanStrategy,
)
from pipeline.span_check.options import SpanCheckOptions
from pipeline.validate_stage import Validation


class SpanCheckSpec(ComponentSpec):
    """Two spans in, one comparison out; the last span may not be there yet."""

    PARAMETERS: ClassVar = {
        POLICY: ExecutionParameter(type=str),
        FALSE_ALARMS: ExecutionParameter(type=float),
        CODE_VERSION: ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        EXAMPLES: ChannelParameter(type=Examples),
        STATISTICS: ChannelParameter(type=ExampleStatistics),
        SCHEMA: ChannelParameter(type=Schema),
        LAST_EXAMPLES: ChannelParameter(type=Examples, optional=True),
        LAST_STATISTICS: ChannelParameter(type=ExampleStatistics, optional=True),
    }
    OUTPUTS: ClassVar = {COMPARISON: ChannelParameter(type=ExampleAnomalies)}


class SpanCheck(BaseComponent):
    """Holds the statistics of a span against those of the last one.

    Args:
      examples, statistics: of the span.
      schema: says which features are compared, and how far each may move.
      last_examples, last_statistics: of the span that was trained on last; may have no artifact, or
        be unknown.
      options: how strict it is.
    """

    SPEC_CLASS = SpanCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(SpanCheckExecutor)

    def __init__(
        self,
        examples: BaseChannel,
        statistics: BaseChannel,
        schema: BaseChannel,
        last_examples: BaseChannel | None,
        last_statistics: BaseChannel | None,
        options: SpanCheckOptions,
    ) -> None:
        inputs = {
            EXAMPLES: examples,
            STATISTICS: statistics,
            SCHEMA: schema,
        }
        if last_examples is not None and last_statistics is not None:
            inputs |= {LAST_EXAMPLES: last_examples, LAST_STATISTICS: last_statistics}
        parameters = {
            POLICY: options.span_policy,
            FALSE_ALARMS: options.span_false_alarms,
            CODE_VERSION: hash_code(SpanCheckExecutor.__module__),
        }
        super().__init__(
            spec=SpanCheckSpec(
                **inputs, **parameters, **{COMPARISON: Channel(type=ExampleAnomalies)}
            )
        )


class SpanChecking(NamedTuple):
    """The components of the stage.

    Args:
      resolvers: of the last span, as far as there is one.
      checker: takes it and the new one.
    """

    resolvers: tuple[Resolver, ...]
    checker: SpanCheck

    @property
    def components(self) -> list[BaseNode]:
        """In the order in which they run."""
        return [*self.resolvers, self.checker]


def check_span(
    examples: BaseComponent,
    validation: Validation,
    config: PipelineConfig,
    reads_metadata: bool = True,
) -> SpanChecking:
    """Makes the Resolver of the last span and the check against it.

    Args:
      examples: gives the new span.
      validation: gives its statistics.
      config: decides how strict the check is.
      reads_metadata: whether stages may; without, no last span is known.
    """
    new_examples = examples.outputs["examples"]
    resolvers = (_resolve_last_span(new_examples),) if reads_metadata else ()
    last = resolvers[0].outputs if resolvers else {}
    checker = SpanCheck(
        examples=new_examples,
        statistics=validation.statistics_gen.outputs["statistics"],
        schema=validation.schema_gen.outputs["schema"],
        last_examples=last.get(EXAMPLES),
        last_statistics=last.get(STATISTICS),
        options=config.span_check,
    ).with_id("SpanCheck")
    checker.add_upstream_node(validation.validator)
    return SpanChecking(resolvers, checker)


def _resolve_last_span(new_examples: BaseChannel) -> Resolver:
    return Resolver(
        strategy_class=LastSpanStrategy,
        **{
            NEW_EXAMPLES: new_examples,
            EXAMPLES: Channel(type=Examples),
            STATISTICS: Channel(type=ExampleStatistics),
            CHECKS: Channel(type=ExampleAnomalies),
        },
    ).with_id("last-span")
