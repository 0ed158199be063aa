"""Which package of PyPI a package of conda is; most have the same name, these do not."""

from __future__ import annotations

import re

# Conda's name -> PyPI's.
RENAMED = {
    "_py-xgboost": "xgboost",
    "antlr-python-runtime": "antlr4-python3-runtime",
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "faiss-gpu": "faiss-cpu",
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "opencv-python": "opencv-python-headless",
    "psycopg2": "psycopg2-binary",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyqt": "PyQt5",
    "pytables": "tables",
    "python-blosc": "blosc",
    "python-duckdb": "duckdb",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ray-core": "ray",
    "ray-default": "ray",
    "ruamel_yaml": "ruamel.yaml",
    "tensorflow-base": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
    "xgboost-gpu": "xgboost",
}

# No package of Python: compilers, drivers and libraries, which wheels bring themselves or the system has.
_NOT_PYTHON = """
_libgcc_mutex _openmp_mutex _tflow_select binutils blas boost boost-cpp bzip2 c-compiler
ca-certificates cmake-no-system compilers cuda cuda-cudart cuda-nvcc cuda-runtime cuda-toolkit
cudatoolkit cudatoolkit-dev cudnn cxx-compiler ffmpeg fortran-compiler freetype gcc gcc_linux-64
geos gfortran git git-lfs glib gmp gxx gxx_linux-64 hdf5 icu intel-openmp jpeg jq krb5 lame
ld_impl_linux-64 libblas libcblas libcurl libffi libgcc libgcc-ng libgfortran libgfortran-ng
libglib libgomp liblapack libopenblas libpng libprotobuf libsndfile libsodium libspatialindex
libstdcxx-ng libtiff libuuid libuv libwebp libxcb libxml2 libxslt llvm llvm-openmp lz4-c magma
make mamba micromamba mkl mkl-dnn mkl-include mpi mpich nccl ncurses ninja-base nodejs nomkl
openblas openh264 openjdk openmpi openssl pandoc perl pkg-config proj pytorch-cuda pytorch-mutex
r readline rust snappy sqlite swig tk tzdata-base unzip wget x264 xz yaml zeromq zip zlib
zstd
"""
_NAMES = frozenset(_NOT_PYTHON.split())

# Kinds of names: other languages and their libraries, what is made for one system, headers and fonts.
_KINDS = re.compile(
    r"r-.+|_r-.+|bioconductor-.+|perl-.+|rb-.+|go-.+|lua-.+|ghc-.+|julia(-.+)?|ruby|lua|go|php|texlive-.+"
    r"|m2w64-.+|m2-.+|msys2-.+|vs20\d\d_.+|vc\d*|ucrt|.+_(linux|osx|win)-(32|64|aarch64|arm64|ppc64le)"
    r"|.+-cos\d-.+|.+-amzn2-.+|fonts?-.+|xorg-.+|cuda-.+|libcu.+|libnv.+|lib(stdcxx|gcc|gfortran).*"
    r"|__.+|_.+_mutex|.+-mutex|blas-.+|gst-.+|gstreamer"
)


def is_python_package(name: str) -> bool:
    """Whether a package of conda is one of Python's, which PyPI may have.

    What is not must never be looked up there: somebody else's package may have its name.
    """
    return name in _NOT_OF_THESE_KINDS or not (name in _NAMES or _KINDS.fullmatch(name))


_NOT_OF_THESE_KINDS = frozenset(("cuda-python", "cuda-core", "cuda-bindings"))
