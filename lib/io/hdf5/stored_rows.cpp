#include "io/hdf5/stored_rows.hpp"

#include "io/hdf5/column_rows.hpp"
#include "io/hdf5/data_set_rows.hpp"
#include "io/hdf5/group_form.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/pickled_list.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/sparse_rows.hpp"
#include "io/hdf5/strings.hpp"
#include "io/hdf5/types.hpp"

namespace mixfam::hdf5 {

namespace {

/// pandas keeps the names of the columns in a member of arrays as a pickled list.
std::vector<std::vector<std::string>> element_names(hid_t dataset) {
  const Handle type(H5Dget_type(dataset));
  if (H5Tget_class(type.id()) != H5T_COMPOUND) return {};
  std::vector<std::vector<std::string>> names;
  for (const Member& member : members(type.id())) {
    const Handle attribute = open_attribute(dataset, member.name + "_kind");
    const auto pickle = attribute ? read_strings(attribute.id()) : std::nullopt;
    names.push_back(pickle && pickle->size() == 1 ? pickled_list(pickle->front()) : std::vector<std::string>{});
  }
  return names;
}

}  // namespace

Texts data_set_texts(const OpenFile& file, const std::string& path) {
  rehearsal::step(file.name + ":" + path);
  const Handle dataset = open_dataset(file.handle, file.name, path);
  Texts texts;
  texts.path = path;
  texts.names = column_names(dataset.id());
  texts.elements = element_names(dataset.id());
  return texts;
}

Texts find_texts(const OpenFile& file, const std::string& path) {
  if (path.empty()) return find_texts(file, only_eligible_path(file.handle, file.name));
  rehearsal::step(file.name + ":" + path);
  const Handle object = open_object(file.handle, file.name, path);
  if (H5Iget_type(object.id()) != H5I_GROUP) return data_set_texts(file, path);
  const auto table = pandas_table(object.id());
  return table ? data_set_texts(file, path + "/" + *table) : group_texts(file, object, path);
}

std::unique_ptr<StoredRows> open_rows(OpenFile& file, Texts& texts, const ColumnChoice& wanted) {
  switch (texts.form) {
    case Form::data_set:
    case Form::codes:
      return std::make_unique<DataSetRows>(file, texts, wanted);
    case Form::masked:
      return std::make_unique<MaskedRows>(file, texts, wanted);
    case Form::columns:
    case Form::pandas_blocks:
      return std::make_unique<ColumnRows>(file, texts, wanted);
    case Form::sparse:
      break;
  }
  return std::make_unique<SparseRows>(file, texts, wanted);
}

}  // namespace mixfam::hdf5
