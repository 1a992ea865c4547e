#include "io/hdf5/stored_rows.hpp"

#include "io/hdf5/data_set_rows.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/strings.hpp"

namespace mixfam::hdf5 {

Texts find_texts(const OpenFile& file, const std::string& path) {
  Texts texts;
  texts.path = path.empty() ? only_eligible_path(file.handle, file.name) : path;
  const std::string where = file.name + ":" + texts.path;
  rehearsal::step(where);
  const Handle object = open_object(file.handle, file.name, texts.path);
  if (is_categorical_group(object.id())) {
    texts.form = Form::codes;
    texts.categories =
        category_texts(open_dataset(file.handle, file.name, texts.path + "/categories"), where + "/categories");
  } else {
    texts.names = column_names(object.id());
  }
  return texts;
}

std::unique_ptr<StoredRows> open_rows(const OpenFile& file, Texts& texts, const std::vector<std::string>& wanted) {
  return std::make_unique<DataSetRows>(file, texts, wanted);
}

}  // namespace mixfam::hdf5
