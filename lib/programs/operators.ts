// What a program may call: pure functions of tensors without random numbers, files, names of other operators, results
// whose shape depends on values, or access to storages (docs/programs.md). The native core has the list too, and a test
// holds both equal.

/** Operators of PyTorch as `name` or `name.overload`. */
export const OPERATORS: ReadonlySet<string> = new Set(
  `
  conv1d conv2d conv3d conv_transpose2d.input convolution linear matmul mm bmm addmm baddbmm einsum
  scaled_dot_product_attention
  batch_norm _native_batch_norm_legit_no_training instance_norm group_norm layer_norm native_layer_norm
  native_group_norm rms_norm
  relu relu_ relu6 relu6_ leaky_relu leaky_relu_ elu elu_ selu selu_ celu celu_ gelu gelu_ silu silu_ mish mish_
  softplus hardtanh hardtanh_ hardswish hardswish_ hardsigmoid hardsigmoid_ sigmoid sigmoid_ tanh tanh_ prelu glu
  softmax.int log_softmax.int _softmax _log_softmax dropout dropout_ feature_dropout feature_dropout_
  max_pool1d max_pool2d max_pool2d_with_indices avg_pool1d avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d
  adaptive_max_pool2d
  upsample_nearest1d.vec upsample_nearest2d.vec upsample_bilinear2d.vec upsample_bicubic2d.vec
  _upsample_bilinear2d_aa.vec _upsample_bilinear2d_aa _upsample_bicubic2d_aa.vec pixel_shuffle pixel_unshuffle
  add.Tensor add_.Tensor add.Scalar add_.Scalar sub.Tensor sub_.Tensor sub.Scalar sub_.Scalar rsub.Scalar rsub.Tensor
  mul.Tensor mul_.Tensor mul.Scalar mul_.Scalar div.Tensor div_.Tensor div.Scalar div_.Scalar div.Tensor_mode
  neg neg_ abs abs_ exp exp_ expm1 log log1p log2 sqrt sqrt_ rsqrt rsqrt_ reciprocal sin cos erf square sign floor ceil
  round pow.Tensor_Scalar pow_.Scalar pow.Tensor_Tensor pow.Scalar maximum minimum clamp clamp_ clamp.Tensor clamp_min
  clamp_min_ clamp_max clamp_max_ addcmul addcdiv lerp.Scalar lerp.Tensor
  sum sum.dim_IntList mean mean.dim var.correction var.dim var_mean.correction std.correction std.dim amax amin max.dim
  min.dim argmax prod.dim_int cumsum norm.ScalarOpt_dim linalg_vector_norm any.dim all.dim
  eq.Scalar ne.Scalar gt.Scalar ge.Scalar lt.Scalar le.Scalar eq.Tensor ne.Tensor gt.Tensor ge.Tensor lt.Tensor
  le.Tensor logical_not logical_and logical_or bitwise_not where.self where.ScalarOther where.ScalarSelf where.Scalar
  masked_fill.Scalar masked_fill_.Scalar masked_fill.Tensor
  cat stack split.Tensor split_with_sizes chunk unbind.int narrow slice.Tensor select.int index.Tensor index_select
  gather take_along_dim
  view reshape flatten.using_ints unflatten.int squeeze squeeze.dim squeeze.dims unsqueeze expand expand_as permute
  transpose.int t swapaxes movedim.int movedim.intlist view_as reshape_as as_strided
  repeat tile repeat_interleave.self_int roll flip pad constant_pad_nd reflection_pad2d replication_pad2d tril triu
  contiguous clone alias detach detach_ lift_fresh_copy to.dtype to.dtype_layout to.device to.other type_as _to_copy
  zeros ones full arange arange.start arange.start_step scalar_tensor zeros_like ones_like full_like new_zeros new_ones
  new_full fill.Scalar fill_.Scalar fill_.Tensor zero_ copy copy_
  `
    .trim()
    .split(/\s+/),
);

/** Arithmetic on sizes, by its names in the archive. */
export const SYMBOLIC: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'add sub mul floordiv truediv mod neg pow eq ne lt le gt ge and_ or_'
      .split(' ')
      .map((name) => [`_operator.${name}`, name]),
  ),
  ...Object.fromEntries(
    'max min not ite int float sqrt'.split(' ').map((name) => [`torch.sym_${name}`, name] as const),
  ),
  'math.trunc': 'int',
  'torch.ops.aten.sym_size.int': 'size',
  'torch.ops.aten.sym_stride.int': 'stride',
  'torch.ops.aten.sym_numel.default': 'numel',
};

/** Checks of the device and sizes of the machine that exported; they give no value. */
export const SKIPPED: ReadonlySet<string> = new Set(
  [
    '_assert_tensor_metadata.default',
    '_assert_scalar.default',
    '_assert_async.msg',
    'sym_constrain_range.default',
    'sym_constrain_range_for_size.default',
  ].map((name) => `torch.ops.aten.${name}`),
);
