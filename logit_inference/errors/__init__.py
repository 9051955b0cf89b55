"""The exceptions and warnings of the package; their wording is built here, from data.

Every error says what was found, where, why it matters and what to write instead, and carries
those facts as attributes, so that a program can act on them as well as a person. These files
import nothing else of the package: everything may import them.
"""

from logit_inference.errors.answer import (
    ComparisonError,
    DetachedError,
    HypothesisError,
    ModelFileError,
    PredictionError,
)
from logit_inference.errors.base import (
    ArgumentError,
    LogitInferenceError,
    LogitInferenceWarning,
    TableError,
)
from logit_inference.errors.data import (
    DataError,
    DatasetError,
    ExtrapolationWarning,
    FileError,
    MissingError,
    OutcomeError,
    SchemaError,
    WeightsError,
)
from logit_inference.errors.effects import EffectError
from logit_inference.errors.fit import (
    ClusterError,
    CoefficientError,
    CollinearityWarning,
    ConvergenceError,
    DecidedWarning,
    FewClustersWarning,
    LeaveOutWarning,
    ProfileError,
    ProfileWarning,
    RankError,
    SeparationError,
    SeparationWarning,
    several_branches,
)
from logit_inference.errors.formula import (
    FormulaError,
)
from logit_inference.errors.pooling import PoolingError
from logit_inference.errors.resampling import (
    MissingPackageError,
    ResamplingError,
    ResamplingWarning,
)
from logit_inference.errors.survey import (
    PseudoLikelihoodError,
    SurveyError,
    SurveyWarning,
)
from logit_inference.errors.wording import (
    did_you_mean,
    excerpt,
    nearest,
    plain,
    shorten,
)

__all__ = [
    "ArgumentError",
    "ClusterError",
    "CoefficientError",
    "CollinearityWarning",
    "ComparisonError",
    "ConvergenceError",
    "DataError",
    "DatasetError",
    "DecidedWarning",
    "DetachedError",
    "EffectError",
    "ExtrapolationWarning",
    "FewClustersWarning",
    "FileError",
    "FormulaError",
    "HypothesisError",
    "LeaveOutWarning",
    "LogitInferenceError",
    "LogitInferenceWarning",
    "MissingError",
    "MissingPackageError",
    "ModelFileError",
    "OutcomeError",
    "PoolingError",
    "PredictionError",
    "ProfileError",
    "ProfileWarning",
    "PseudoLikelihoodError",
    "RankError",
    "ResamplingError",
    "ResamplingWarning",
    "SchemaError",
    "SeparationError",
    "SeparationWarning",
    "SurveyError",
    "SurveyWarning",
    "TableError",
    "WeightsError",
    "did_you_mean",
    "excerpt",
    "nearest",
    "plain",
    "several_branches",
    "shorten",
]
